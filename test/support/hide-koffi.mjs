// Loaded before everything else (node --import): the package koffi is as if it were not installed.
import { Module } from "node:module";

const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== "koffi") return load.call(this, request, ...rest);
  throw Object.assign(new Error("Cannot find module 'koffi'"), { code: "MODULE_NOT_FOUND" });
};
