// A thread that ends this process when its runner is gone: a handler in a busy loop hears of nothing.
import { workerData } from "node:worker_threads";

const lookMs = 1_000;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
}, lookMs);
