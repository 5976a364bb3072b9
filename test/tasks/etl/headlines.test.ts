import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { hardhatCommand, hardhatService, type Service } from "../../helpers/etl/command.ts";
import { newsKey, serveNews, type Stub } from "../../helpers/etl/news.ts";

describe("etl run headlines, end to end", function () {
  this.timeout(180_000);
  let folder: string;
  let news: Stub;
  let uploads: Service;
  let env: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "etl-"));
    news = await serveNews();
    uploads = await hardhatService(
      ["upload", "serve", "--dir", join(folder, "store"), "--port", "0"],
      {},
      /^Serving .* at http/u,
    );
    const server = /http:\S+/u.exec(uploads.line)?.[0] ?? "";
    env = {
      ETL_FOLDER: join(folder, ".etl"),
      NEWSAPI_KEY: newsKey,
      NEWSAPI_URL: `${news.url}/v2/top-headlines`,
      LOAD_URL: new URL("/drop", server).href,
    };
  });
  after(async () => {
    await uploads?.stop();
    await news?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("takes the API's headlines to our own upload server, and they come back equal", async () => {
    const { code, stdout, stderr } = await hardhatCommand(["etl", "run", "headlines", "--json"], env);
    expect(code, stderr).to.equal(0);
    const result = JSON.parse(stdout) as { status: string; output: { url: string; sha256: string } };
    expect(result.status).to.equal("SUCCEEDED");
    const file = await fetch(new URL(result.output.url, env["LOAD_URL"]));
    const csv = Buffer.from(await file.arrayBuffer());
    const transformed = await hardhatCommand(["etl", "invoke", "headlines", "transform"], env);
    expect(csv.toString()).to.equal((JSON.parse(transformed.stdout) as { text: string }).text);
    expect(createHash("sha256").update(csv).digest("hex")).to.equal(result.output.sha256);
    expect(csv.toString())
      .to.match(/^Source,Title,Author,URL\r\n/u)
      .and.to.contain("'+1 for the underdogs");
  });

  it("names what is missing, keeps a dead letter, and goes on at the failed state once it is there", async () => {
    const { NEWSAPI_KEY: _, ...without } = env;
    const failed = await hardhatCommand(["etl", "run", "headlines"], without);
    expect(failed.code).to.equal(1);
    expect(failed.stdout).to.equal("");
    expect(failed.stderr).to.contain("MissingVariableError: Not all environment variables set");
    const run = /--redrive (\S+)/u.exec(failed.stderr)?.[1] ?? "";
    expect(await readdir(join(folder, ".etl", "data", "dead-letter"))).to.deep.equal([`${run}-Extract.json`]);
    const redriven = await hardhatCommand(["etl", "run", "headlines", "--redrive", run], env);
    expect(redriven.code, redriven.stderr).to.equal(0);
    const history = await hardhatCommand(["etl", "history", run], env);
    expect(history.stdout).to.contain("gone on with 1 ×").and.to.contain("Extract (Task)  caught");
  });

  it("tells the API's status and message", async () => {
    const wrong = await hardhatCommand(["etl", "run", "headlines"], { ...env, NEWSAPI_KEY: "wrong-key" });
    expect(wrong.stderr).to.contain("NewsApiError: The News API answered 401 Unauthorized: Your API key is invalid.");
  });

  it("keeps no key in anything it writes", async () => {
    const runs = join(folder, ".etl", "runs");
    const texts = await Promise.all((await readdir(runs)).map(async (name) => readFile(join(runs, name), "utf8")));
    expect(texts.join("")).not.to.contain(newsKey);
  });

  it("tries one state alone, a task with its handler too", async () => {
    const text = JSON.stringify({ status: "ok", articles: [] });
    const args = ["--state", "Transform", "--event", JSON.stringify({ text })];
    const { code, stdout, stderr } = await hardhatCommand(["etl", "invoke", "headlines", ...args], env);
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.include({ status: "SUCCEEDED", nextState: "Load" });
  });

  it("is bad usage to name no such state, or a file that is not there", async () => {
    const unknown = await hardhatCommand(["etl", "invoke", "headlines", "--state", "Transfrom"], env);
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.contain('no state "Transfrom"').and.to.contain("Set Source, Extract, Transform, Load");
    const unread = await hardhatCommand(["etl", "run", "headlines", "--input", "@nowhere.json"], env);
    expect(unread.code).to.equal(2);
    expect(unread.stderr).to.contain("--input @nowhere.json cannot be read");
  });

  it("tells what AWS's tools miss, without a stack", async () => {
    const alone = { AWS_EC2_METADATA_DISABLED: "true", AWS_CONFIG_FILE: "/nowhere", HOME: folder };
    const { code, stderr } = await hardhatCommand(["etl", "deploy", "headlines", "--bucket", "b"], {
      ...env,
      ...alone,
    });
    expect(code).to.equal(1);
    expect(stderr).to.contain("Error: AWS refuses: ").and.to.contain("AWS_REGION").and.not.to.contain("    at ");
  });

  it("tells what the system refused, without a stack", async () => {
    const { code, stderr } = await hardhatCommand(["etl", "package", "headlines", "--out", "/dev/null/zips"], {});
    expect(code).to.equal(1);
    expect(stderr).to.match(/Error: ENOTDIR: .*\/dev\/null/u);
    expect(stderr).not.to.contain("    at ");
  });

  it("is bad usage to name no such pipeline, or no JSON", async () => {
    expect(await hardhatCommand(["etl", "run", "headline"], env)).to.include({ code: 2, stdout: "" });
    expect(await hardhatCommand(["etl", "run", "headlines", "--input", "{"], env)).to.include({ code: 2 });
  });
});

describe("etl schedule", function () {
  this.timeout(180_000);

  it("records, lists, serves until it is interrupted, and removes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "etl-"));
    const env = { ETL_FOLDER: folder };
    try {
      const made = await hardhatCommand(["etl", "schedule", "headlines", "rate(5 minutes)", "--record"], env);
      const id = made.stdout.split(" ")[0] ?? "";
      const service = await hardhatService(["etl", "schedule"], env, /^Serving the schedules/u);
      const second = await hardhatCommand(["etl", "schedule"], env);
      expect(second.stderr).to.contain("serves the schedules already");
      expect(await service.stop()).to.equal(0);
      const removed = await hardhatCommand(["etl", "schedule", "remove", id], env);
      expect(removed.code, removed.stderr).to.equal(0);
      const left = await hardhatCommand(["etl", "schedule", "list", "--json"], env);
      expect(JSON.parse(left.stdout)).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
