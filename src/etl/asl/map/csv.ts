/**
 * The records of a CSV text as a Distributed Map reads them ("How Step Functions parses input CSV files", AWS's
 * developer guide): quotes and backslashes escape outside of quoted fields too, so this is not RFC 4180. Lines with
 * nothing in them are left out.
 */
export function readRecords(text: string, delimiter: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field: string[] = [];
  let isQuoted = false;
  const endField = () => {
    record.push(field.join(""));
    field = [];
  };
  const endRecord = () => {
    const isEmpty = record.length === 0 && field.length === 0;
    endField();
    if (!isEmpty) records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === "\\") {
      // Before anything else it is dropped.
      if (next === "\\" || next === '"' || next === delimiter) {
        field.push(next);
        at += 1;
      }
    } else if (character === '"' && next === '"' && (isQuoted || field.length > 0)) {
      field.push('"');
      at += 1;
    } else if (character === '"' && (isQuoted || field.length === 0)) isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) endField();
    else if (character === "\n" && !isQuoted) endRecord();
    else if (character !== "\r" || next !== "\n" || isQuoted) field.push(character);
  }
  endRecord();
  return records;
}
