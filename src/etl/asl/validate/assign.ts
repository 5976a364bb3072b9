import { isObject } from "../json.ts";
import type { Check } from "./findings.ts";
import { objectTemplate } from "./values.ts";

const variableName = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** Assign: variables by name; `states` is the language's own. */
export const assign: Check = (value, place) => {
  if (!isObject(value)) return place.findings.error(place.location, "Expected value of type [OBJECT]");
  objectTemplate(value, place);
  for (const key of Object.keys(value)) {
    const name = place.language === "JSONPath" && key.endsWith(".$") ? key.slice(0, -2) : key;
    if (name === "states") place.findings.error(place.location, "The variable 'states' is the language's own");
    else if (!variableName.test(name) || name.length > 80) {
      place.findings.warning(place.location, `'${name}' is not a name that an expression can use`, "VARIABLE_NAME");
    }
  }
};
