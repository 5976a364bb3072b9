import {
  type BindingElement,
  type Expression,
  isArrayBindingPattern,
  isBindingElement,
  isElementAccessExpression,
  isIdentifier,
  isPropertyAccessExpression,
  isVariableDeclaration,
  type Node,
} from "typescript/unstable/ast";

import type { TypedFile } from "./project.ts";
import { valuesOf } from "./values.ts";

/**
 * Whether there may be nothing where the type says a string: without `noUncheckedIndexedAccess` that is so for an
 * element, for a property for which only an index signature speaks (it has no symbol), and for a name that begins as one.
 */
export function isPerhapsMissing(node: Expression, file: TypedFile): boolean {
  const { checker, checksIndexes } = file;
  if (checksIndexes) return false;
  if (isElementAccessExpression(node)) return true;
  if (isPropertyAccessExpression(node)) return checker.getSymbolAtLocation(node.name) === undefined;
  if (!isIdentifier(node)) return false;
  return beginsPerhapsMissing(checker.getSymbolAtLocation(node)?.valueDeclaration?.resolve(), file);
}

/** `const a = list[0]`, `const [a] = list`, `const { a } = record`, and the same among parameters. */
function beginsPerhapsMissing(declaration: Node | undefined, file: TypedFile): boolean {
  if (declaration === undefined) return false;
  if (isBindingElement(declaration)) return declaration.initializer === undefined && isUnchecked(declaration, file);
  if (!isVariableDeclaration(declaration) || declaration.initializer === undefined) return false;
  return valuesOf(declaration.initializer).some((value) => isPerhapsMissing(value, file));
}

function isUnchecked({ parent, name, propertyName }: BindingElement, { checker }: TypedFile): boolean {
  const property = propertyName ?? name;
  if (isArrayBindingPattern(parent) || property === undefined || !isIdentifier(property)) return true;
  const whole = checker.getTypeAtLocation(parent);
  return whole === undefined || checker.getPropertyOfType(whole, property.text) === undefined;
}
