import { buffer } from "node:stream/consumers";

import { serveStub, type Stub } from "./news.ts";

/** A loopback stand-in for CloudFormation and S3: it answers in AWS's form and keeps the order of the calls. */
export type Cloud = Stub & { readonly calls: string[]; readonly objects: Set<string> };

export type CloudStory = {
  /** What DescribeStacks says, answer by answer; "" where there is no stack. */
  readonly stacks: readonly string[];
  /** Status and reason of the change set, answer by answer. */
  readonly changeSets: readonly (readonly [status: string, reason: string])[];
};

export async function serveCloud({ stacks, changeSets }: CloudStory): Promise<Cloud> {
  const calls: string[] = [];
  const objects = new Set<string>();
  const stackQueue = [...stacks];
  const changeQueue = [...changeSets];
  const takeNext = <Item>(queue: Item[]): Item | undefined => (queue.length > 1 ? queue.shift() : queue[0]);
  const stub = await serveStub((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const path = request.url?.split("?")[0] ?? "/";
      if (request.method === "HEAD" || request.method === "PUT") {
        calls.push(`${request.method} ${path.replace(/[0-9a-f]{64}/u, "SHA256")}`);
        if (request.method === "PUT") objects.add(path);
        response.writeHead(request.method === "PUT" || objects.has(path) ? 200 : 404).end();
        return;
      }
      const form = new URLSearchParams(body.toString());
      const action = form.get("Action") ?? "";
      calls.push([action, form.get("ChangeSetType")].filter((word) => word !== null).join(" "));
      const [status, xml] = answer(
        action,
        () => takeNext(stackQueue) ?? "",
        () => takeNext(changeQueue) ?? ["", ""],
      );
      response.writeHead(status, { "content-type": "text/xml" }).end(xml);
    })();
  });
  return { ...stub, calls, objects };
}

function answer(
  action: string,
  stack: () => string,
  change: () => readonly [string, string],
): readonly [number, string] {
  const wrap = (inner: string) => `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`;
  if (action === "DescribeStacks") {
    const status = stack();
    if (status === "")
      return [
        400,
        "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id metacoin does not exist</Message></Error></ErrorResponse>",
      ];
    const output = "<member><OutputKey>MachineArn</OutputKey><OutputValue>arn:machine</OutputValue></member>";
    return [
      200,
      wrap(
        `<Stacks><member><StackName>metacoin</StackName><StackStatus>${status}</StackStatus><Outputs>${output}</Outputs></member></Stacks>`,
      ),
    ];
  }
  if (action === "CreateChangeSet") return [200, wrap("<Id>arn:change</Id><StackId>arn:stack</StackId>")];
  if (action === "DescribeChangeSet") {
    const [status, reason] = change();
    return [200, wrap(`<Status>${status}</Status><StatusReason>${reason}</StatusReason>`)];
  }
  if (action === "DescribeStackEvents")
    return [
      200,
      wrap(
        "<StackEvents><member><LogicalResourceId>Other</LogicalResourceId><ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>Resource creation cancelled</ResourceStatusReason></member><member><LogicalResourceId>Data</LogicalResourceId><ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>the bucket is taken</ResourceStatusReason></member><member><LogicalResourceId>metacoin</LogicalResourceId><ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus></member><member><LogicalResourceId>Old</LogicalResourceId><ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>of an earlier deployment</ResourceStatusReason></member></StackEvents>",
      ),
    ];
  return [200, wrap("")];
}
