print("tracking")
