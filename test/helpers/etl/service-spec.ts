import { loadAwsServiceSpec } from "@aws-cdk/aws-service-spec";

type Database = Awaited<ReturnType<typeof loadAwsServiceSpec>>;

/** Every place in a template that CloudFormation's own schema does not know, or where it misses something. */
export async function findFaults(template: {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;
}): Promise<string[]> {
  const database = await loadAwsServiceSpec();
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => {
    const [resource] = database.lookup("resource", "cloudFormationType", "equals", Type);
    if (resource === undefined) return [`${id}: no type ${Type}`];
    return check(database, resource.properties, Properties, id);
  });
}

type Properties = Database extends { all: never } ? never : Record<string, { required?: boolean; type: Type }>;
type Type =
  | { readonly type: "array" | "map"; readonly element: Type }
  | { readonly type: "ref"; readonly reference: { readonly $ref: string } }
  | { readonly type: string };

function check(database: Database, known: object, given: object, place: string): string[] {
  const properties = known as Properties;
  const missing = Object.entries(properties)
    .filter(([name, { required }]) => required === true && !(name in given))
    .map(([name]) => `${place}: ${name} is missing`);
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    const property = properties[name];
    return property === undefined
      ? [`${place}: no property ${name}`]
      : checkValue(database, property.type, value, `${place}.${name}`);
  });
  return [...missing, ...wrong];
}

function checkValue(database: Database, type: Type, value: unknown, place: string): string[] {
  if (isIntrinsic(value)) return [];
  if (type.type === "array" && "element" in type) {
    if (!Array.isArray(value)) return [`${place}: no list`];
    return value.flatMap((item, at) => checkValue(database, type.element, item, `${place}[${String(at)}]`));
  }
  if (type.type === "ref" && "reference" in type) {
    const definition = database.get("typeDefinition", type.reference.$ref);
    return check(database, definition.properties, value as object, place);
  }
  const wanted: Record<string, string> = { string: "string", integer: "number", number: "number", boolean: "boolean" };
  const expected = wanted[type.type];
  return expected === undefined || typeof value === expected ? [] : [`${place}: ${typeof value}, not ${expected}`];
}

/** `Ref` and `Fn::…` stand for any value. */
function isIntrinsic(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const names = Object.keys(value);
  return names.length === 1 && /^(?:Ref|Fn::)/u.test(names[0] ?? "");
}
