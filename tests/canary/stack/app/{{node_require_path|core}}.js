// Loaded by --require; its name is what is confidential.
