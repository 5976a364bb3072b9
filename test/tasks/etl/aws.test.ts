import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { hardhatCommand, hardhatService } from "../../helpers/etl/command.ts";
import { serveStepFunctions, type StepFunctions } from "../../helpers/etl/step-functions.ts";

describe("etl run of a pipeline that is deployed to AWS", function () {
  this.timeout(60_000);
  let folder: string;
  let aws: StepFunctions;
  let env: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "etl-aws-"));
    aws = await serveStepFunctions();
    env = {
      ETL_FOLDER: folder,
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "none",
    };
    await mkdir(join(folder, "deployed"));
    const machineArn = "arn:aws:states:us-east-1:1:stateMachine:m";
    await writeFile(join(folder, "deployed", "headlines.json"), JSON.stringify({ machineArn }));
  });
  after(async () => {
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("goes on there at Ctrl-C, is followed again with --resume, and redriven with --redrive", async () => {
    const ends = aws.history;
    aws.history = ends.slice(0, 2);
    const following = await hardhatService(["etl", "run", "headlines"], env, /Set Source/u);
    expect(await following.stop()).to.equal(1);
    const listed = await hardhatCommand(["etl", "history", "--json"], env);
    const [{ run, status }] = JSON.parse(listed.stdout) as [{ run: string; status: string }];
    expect(status).to.equal("INTERRUPTED");

    aws.history = ends;
    const failed = await hardhatCommand(["etl", "run", "headlines", "--resume", run], env);
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.contain(`The run ${run} FAILED: E: because`).and.to.contain(`--redrive ${run}`);

    const { code, stdout, stderr } = await hardhatCommand(["etl", "run", "headlines", "--redrive", run], env);
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({});
    expect(aws.calls.filter((call) => !call.startsWith("GetExecutionHistory"))).to.deep.equal([
      "StartExecution {}",
      "DescribeExecution",
      "RedriveExecution",
    ]);
  });
});
