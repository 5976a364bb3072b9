/** A change by hand of one line of a contract that some check must notice. */
export type Mutant = {
  /** What the change does, for people. */
  readonly name: string;
  readonly file: "MetaCoin.sol" | "ConvertLib.sol";
  /** Stands exactly once in the file. */
  readonly original: string;
  readonly mutated: string;
};

const coin = (name: string, original: string, mutated: string): Mutant => ({
  name,
  file: "MetaCoin.sol",
  original,
  mutated,
});

/** Twenty ways to get MetaCoin and ConvertLib wrong, one a line of theirs at least. */
export const mutants: readonly Mutant[] = [
  coin("supply off by one", "SUPPLY = 10_000", "SUPPLY = 10_001"),
  coin("creator paid instead of the signer", "balances[tx.origin] = SUPPLY", "balances[msg.sender] = SUPPLY"),
  coin("mint from the signer", "Transfer(address(0), tx.origin", "Transfer(tx.origin, tx.origin"),
  coin("mint event dropped", "emit Transfer(address(0), tx.origin, SUPPLY);", ""),
  coin("exact balance refused", "if (balance < amount)", "if (balance <= amount)"),
  coin("one too many allowed", "if (balance < amount)", "if (balance + 1 < amount)"),
  coin("failure told as success", "return false;", "return true;"),
  coin("failure reverts", "return false;", "revert();"),
  coin("failure emits", "return false;", "{ emit Transfer(msg.sender, receiver, amount); return false; }"),
  coin("success told as failure", "        return true;\n", "        return false;\n"),
  coin("no debit", "balances[msg.sender] = balance - amount;", ""),
  coin("credit overwrites", "balances[receiver] += amount", "balances[receiver] = amount"),
  coin(
    "send to oneself loses coins",
    "balances[receiver] += amount;",
    "if (receiver != msg.sender) balances[receiver] += amount;",
  ),
  coin("event dropped", "emit Transfer(msg.sender, receiver, amount);", ""),
  coin("event with sender and receiver swapped", "Transfer(msg.sender, receiver", "Transfer(receiver, msg.sender"),
  coin(
    "another's balance",
    "coins) {\n        return balances[holder];",
    "coins) {\n        return balances[msg.sender];",
  ),
  coin("another rate", "balances[holder], 2)", "balances[holder], 3)"),
  {
    name: "sum for product",
    file: "ConvertLib.sol",
    original: "amount * conversionRate",
    mutated: "amount + conversionRate",
  },
  {
    name: "overflow wraps",
    file: "ConvertLib.sol",
    original: "return amount * conversionRate;",
    mutated: "unchecked { return amount * conversionRate; }",
  },
  coin(
    "credit computed before the debit",
    "balances[msg.sender] = balance - amount;",
    "uint256 credited = balances[receiver] + amount; balances[msg.sender] = balance - amount; balances[receiver] = credited - amount;",
  ),
];

/** @throws where the change does not fit the source: the list must follow the contracts. */
export function mutate(source: string, { name, original, mutated }: Mutant): string {
  const parts = source.split(original);
  if (parts.length !== 2)
    throw new Error(`"${name}": its original stands ${String(parts.length - 1)} times in the source`);
  return parts.join(mutated);
}
