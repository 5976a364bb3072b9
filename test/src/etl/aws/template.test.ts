import { expect } from "chai";

import { makeTemplate, permissionsOf } from "../../../../src/etl/aws/template.ts";
import { findPipeline, readDefinition } from "../../../../src/etl/pipelines.ts";
import { findFaults } from "../../../helpers/etl/service-spec.ts";

async function templateOf(name: string) {
  const pipeline = findPipeline(name);
  const code = Object.fromEntries(
    Object.keys(pipeline.handlers).map((handler) => [handler, { bucket: "b", key: `${handler}.zip` }]),
  );
  const variables = { NEWSAPI_KEY: "hush-hush", LOAD_URL: "https://drop.example.org/drop", RPC_URL: "hush-hush" };
  const definition = await readDefinition(pipeline);
  return makeTemplate(pipeline, { definition, code, schedule: "rate(1 hour)", input: "{}", variables });
}

for (const name of ["headlines", "transfers"])
  describe(`the CloudFormation template of ${name}`, () => {
    it("is what AWS's own schema describes", async () => {
      expect(await findFaults(await templateOf(name))).to.deep.equal([]);
    });

    it("notices a property that AWS does not know", async () => {
      const { Resources } = await templateOf(name);
      const faulty = { Resources: { ...Resources, Q: { Type: "AWS::SQS::Queue", Properties: { Sise: 1 } } } };
      expect(await findFaults(faulty)).to.deep.equal(["Q: no property Sise"]);
    });

    it("grants nothing on everything but log delivery, and no action by pattern", async () => {
      for (const { statement } of permissionsOf(await templateOf(name))) {
        expect(statement.Action.join()).not.to.contain("*");
        if (statement.Resource === "*")
          for (const action of statement.Action)
            expect(action).to.match(/^logs:\w*(?:Delivery|Deliveries|ResourcePolic|LogGroups)/u);
      }
    });

    it("gives each function a role of its own, and secrets only where they are read", async () => {
      const template = await templateOf(name);
      const functions = Object.values(template.Resources).filter(({ Type }) => Type === "AWS::Lambda::Function");
      const roles = functions.map(({ Properties }) => JSON.stringify(Properties["Role"]));
      expect(new Set(roles).size).to.equal(functions.length);
      const readers = permissionsOf(template).filter(({ statement }) => statement.Action.includes("ssm:GetParameters"));
      const expected =
        name === "headlines" ? ["ExtractRole", "LoadRole"] : ["PlanRole", "ExtractRole", "AssembleRole", "LoadRole"];
      expect(readers.map(({ role }) => role)).to.deep.equal(expected);
    });

    it("holds no secret", async () => {
      const text = JSON.stringify(await templateOf(name));
      expect(text).not.to.contain("hush-hush");
      expect(text).to.contain("https://drop.example.org/drop");
    });

    it("refers only to what it holds, and fits a change set", async () => {
      const template = await templateOf(name);
      const text = JSON.stringify(template);
      expect(text.length).to.be.below(51_200);
      const names = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":(?:\[)?"([^"]+)"/gu)].map(([, found]) => found ?? "");
      for (const found of names) if (!found.startsWith("AWS::")) expect(template.Resources).to.have.property(found);
      const handlers = [...text.matchAll(/"Resource\\":\\"\$\{(\w+)\}/gu)].map(([, found]) => found ?? "");
      const machine = template.Resources["Machine"]?.Properties["DefinitionSubstitutions"];
      for (const handler of handlers) expect(machine).to.have.property(handler);
    });
  });
