// A thread that ends this process when its runner is gone: a handler in a busy loop hears of nothing.
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";

// The runner alone holds the other end of this pipe, so it closes however the runner ends.
new Socket({ fd: Number(workerData) }).resume().once("close", () => process.kill(-process.pid, "SIGKILL"));
