import { describe, expect, it } from "vitest";
import { createOneRow } from "../../src/stats/one-row.ts";
import { aRow } from "./ledger-stage.ts";

function written() {
  const ids: string[] = [];
  const oneRow = createOneRow((row) => void ids.push(row.requestId));
  return { ids, oneRow, note: (requestId: string) => oneRow.note(aRow({ requestId })) };
}

describe("the one row of a request", () => {
  it("is that of its connection when it has no account", () => {
    const { ids, note } = written();
    note("a");
    expect(ids).toEqual(["a"]);
  });

  it("is that of its account, whichever is over first", () => {
    const { ids, oneRow, note } = written();
    oneRow.begin("a");
    oneRow.wrote("a");
    note("a");
    oneRow.begin("b");
    note("b");
    oneRow.wrote("b");
    expect(ids).toEqual([]);
  });

  it("is that of its connection when nothing was charged, whichever is over first", () => {
    const { ids, oneRow, note } = written();
    oneRow.begin("a");
    oneRow.gaveUp("a");
    note("a");
    oneRow.begin("b");
    note("b");
    expect(ids).toEqual(["a"]);
    oneRow.gaveUp("b");
    expect(ids).toEqual(["a", "b"]);
  });

  it("is one for each request, although clients give two the same id", () => {
    const { ids, oneRow, note } = written();
    oneRow.begin("same");
    oneRow.begin("same");
    note("same");
    oneRow.wrote("same");
    note("same");
    oneRow.wrote("same");
    expect(ids).toEqual([]);
    // What comes later under that id stands for itself.
    note("same");
    expect(ids).toEqual(["same"]);
  });

  it("forgets the oldest of very many accounts whose connection never ends", () => {
    const { ids, oneRow, note } = written();
    for (let index = 0; index <= 10_000; index += 1) {
      oneRow.begin(`inner-${index}`);
      oneRow.wrote(`inner-${index}`);
    }
    note("inner-0");
    note("inner-10000");
    expect(ids).toEqual(["inner-0"]);
  });
});
