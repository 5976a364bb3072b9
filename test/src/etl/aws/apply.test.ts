import { expect } from "chai";

import { applyTemplate, codeOf, StackFailedError, uploadCode } from "../../../../src/etl/aws/apply.ts";
import type { Template } from "../../../../src/etl/aws/template.ts";
import { type Cloud, type CloudStory, serveCloud } from "../../../helpers/etl/cloud.ts";
import { rejection } from "../../../helpers/rejection.ts";

const template: Template = { AWSTemplateFormatVersion: "2010-09-09", Description: "", Resources: {}, Outputs: {} };

describe("applyTemplate", () => {
  let cloud: Cloud;
  afterEach(async () => cloud.close());

  async function apply(story: CloudStory) {
    cloud = await serveCloud(story);
    return applyTemplate("metacoin", template, optionsOf(cloud));
  }

  it("creates a stack by change set and waits until it stands", async () => {
    const outputs = await apply({
      stacks: ["", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"],
      changeSets: [
        ["CREATE_IN_PROGRESS", ""],
        ["CREATE_COMPLETE", ""],
      ],
    });
    expect(outputs).to.deep.equal({ MachineArn: "arn:machine" });
    expect(cloud.calls).to.deep.equal([
      "DescribeStacks",
      "CreateChangeSet CREATE",
      "DescribeChangeSet",
      "DescribeChangeSet",
      "ExecuteChangeSet",
      "DescribeStacks",
      "DescribeStacks",
    ]);
  });

  it("updates a stack that is there", async () => {
    await apply({
      stacks: ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"],
      changeSets: [["CREATE_COMPLETE", ""]],
    });
    expect(cloud.calls[1]).to.equal("CreateChangeSet UPDATE");
  });

  it("takes away a change set that changes nothing", async () => {
    const outputs = await apply({
      stacks: ["UPDATE_COMPLETE"],
      changeSets: [["FAILED", "The submitted information didn't contain changes."]],
    });
    expect(outputs).to.deep.equal({ MachineArn: "arn:machine" });
    expect(cloud.calls.at(-1)).to.equal("DeleteChangeSet");
  });

  it("tells the first reason when the stack rolls back", async () => {
    const error = await rejection(
      apply({ stacks: ["", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"], changeSets: [["CREATE_COMPLETE", ""]] }),
    );
    expect(error).to.be.instanceOf(StackFailedError);
    expect(error.message).to.contain("Data the bucket is taken");
  });
});

describe("uploadCode", () => {
  it("uploads a zip once", async () => {
    const cloud = await serveCloud({ stacks: [""], changeSets: [] });
    try {
      const bundle = { handler: "extract", zip: new Uint8Array([1, 2]), sha256: "0".repeat(64) };
      const code = { extract: codeOf("artifacts", "headlines", bundle) };
      await uploadCode([bundle], code, optionsOf(cloud));
      await uploadCode([bundle], code, optionsOf(cloud));
      const key = "/artifacts/etl/headlines/extract-SHA256.zip";
      expect(cloud.calls).to.deep.equal([`HEAD ${key}`, `PUT ${key}`, `HEAD ${key}`]);
    } finally {
      await cloud.close();
    }
  });
});

function optionsOf(cloud: Cloud) {
  return {
    connection: {
      endpoint: cloud.url,
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "none" },
    },
    sleep: async () => undefined,
    onStep: () => undefined,
  };
}
