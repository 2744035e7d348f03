create schema if not exists shelf;
