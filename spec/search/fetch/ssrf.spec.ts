import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAbort } from "../../../src/lib/abort.ts";
import { systemClock } from "../../../src/lib/time.ts";
import type { Resolved } from "../../../src/search/fetch/connect.ts";
import { createPageFetcher, type PageFetcher } from "../../../src/search/fetch/fetch.ts";
import { isPublicAddress } from "../../../src/search/fetch/address.ts";
import { goodAddress, startPageServer, type PageServer } from "./page-server.ts";

let good: PageServer;
/** What must never be reached, on the same port as the good one. */
let traps: PageServer[];
let fetcher: PageFetcher;
/** What each name resolves to, the next time and the times after it; the last answer stays. */
let names: Record<string, string[][]>;
let lookups: string[];
let redirectTo = "";

const trapped = (): number => traps.reduce((sum, trap) => sum + trap.accepted, 0);

/** Nothing is remembered from one case to the next: each has URLs of its own. */
let cases = 0;
const fetchPage = (url: string) => fetcher.fetch(`${url}?case=${cases}`, createAbort().signal);

const lookup = (name: string): Promise<readonly Resolved[]> => {
  lookups.push(name);
  const answers = names[name] ?? [];
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  if (answer === undefined) return Promise.reject(new Error("ENOTFOUND"));
  return Promise.resolve(answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
};

beforeAll(async () => {
  good = await startPageServer((request, response) => {
    const hops = /^\/hop(\d)/.exec(request.url ?? "")?.[1];
    if (hops !== undefined) {
      const left = Number(hops);
      const location = left > 1 ? `/hop${left - 1}` : Buffer.from(redirectTo).toString("latin1");
      response.writeHead(302, { location }).end();
    } else response.writeHead(200, { "content-type": "text/plain" }).end("the good page");
  });
  const listener = (_request: unknown, response: { end(text: string): void }) => response.end("the trap");
  traps = await Promise.all(
    ["127.0.0.1", "127.0.0.3", "::1"].map((host) => startPageServer(listener, { host, port: good.port })),
  );
  fetcher = createPageFetcher(
    { hostsRefused: ["http://upstream.example.com:11434"], portsAllowed: [good.port] },
    {
      clock: systemClock,
      lookup,
      isAllowed: (address) => address === goodAddress || isPublicAddress(address),
    },
  );
});

afterAll(async () => {
  fetcher.close();
  await Promise.all([good, ...traps].map((server) => server.close()));
});

beforeEach(() => {
  names = { "good.example.com": [[goodAddress]] };
  lookups = [];
  cases += 1;
});

/** Every spelling of an address at which a trap listens. */
const spellings = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "2130706433",
  "2130706433.",
  "0x7f000001",
  "0x7F.1",
  "0x7f.0.0.0x1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.01",
  "①②⑦.⓪.⓪.①",
  "１２７.0.0.1",
  "127。0。0。1",
  "127%2e0%2e0%2e1",
  "0",
  "0.0.0.0",
  "0x0",
  "127.0.0.3",
  "127.3",
  "0x7f.3",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::0001]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:7f00:1]",
  "[::ffff:0.0.0.0]",
  "localhost",
  "LOCALHOST",
];

describe("a trap", () => {
  it.each(spellings)("can be reached at %s by those who do not look", async (spelling) => {
    const before = trapped();
    const { hostname } = new URL(`http://${spelling}/`);
    const socket = connect(good.port, hostname.replace(/^\[|\]$/g, ""));
    await once(socket, "connect");
    socket.destroy();

    await expect.poll(trapped).toBe(before + 1);
  });

  it.each(spellings)("is not reached at %s", async (spelling) => {
    const before = trapped();
    const got = await fetchPage(`http://${spelling}:${good.port}/`);

    expect(got).toHaveProperty("fault");
    expect(trapped()).toBe(before);
  });

  it.each(spellings)("is not reached by a redirect to %s", async (spelling) => {
    const before = trapped();
    redirectTo = `http://${spelling}:${good.port}/`;
    const got = await fetchPage(`http://${goodAddress}:${good.port}/hop1`);

    expect(got).toHaveProperty("fault");
    expect(trapped()).toBe(before);
  });

  it.each([
    ["loopback", ["127.0.0.1"]],
    ["another loopback", ["127.0.0.3"]],
    ["loopback of IPv6", ["::1"]],
    ["the unspecified address", ["0.0.0.0"]],
    ["an IPv4-mapped one", ["::ffff:127.0.0.1"]],
    ["the same in hex", ["::ffff:7f00:1"]],
    ["NAT64", ["64:ff9b::7f00:1"]],
    ["6to4", ["2002:7f00:1::1"]],
    ["one with a zone", ["::1%lo"]],
    ["a good and a bad one", [goodAddress, "127.0.0.1"]],
    ["a bad and a good one", ["127.0.0.1", goodAddress]],
    ["a good one and one of IPv6", [goodAddress, "::1"]],
    ["a public one and a mapped one", ["8.8.8.8", "::ffff:127.0.0.1"]],
    ["no address", []],
    ["no address but a name", ["localhost"]],
  ])("is not reached by a name that resolves to %s", async (_what, addresses) => {
    const before = { trapped: trapped(), good: good.accepted };
    names["bad.example.com"] = [addresses];
    const got = await fetchPage(`http://bad.example.com:${good.port}/`);

    expect(got).toHaveProperty("fault");
    expect({ trapped: trapped(), good: good.accepted }).toEqual(before);
    expect(lookups).toEqual(["bad.example.com"]);
  });

  it("is not reached by a name whose second answer is another one", async () => {
    const before = { trapped: trapped(), good: good.accepted };
    names["rebind.example.com"] = [[goodAddress], ["127.0.0.1"]];
    const got = await fetchPage(`http://rebind.example.com:${good.port}/`);

    expect(got).toMatchObject({ text: "the good page" });
    expect({ trapped: trapped(), good: good.accepted }).toEqual({ ...before, good: before.good + 1 });
    expect(lookups).toEqual(["rebind.example.com"]);
  });

  it("is not reached by a redirect to the same name, which is resolved anew", async () => {
    const before = { trapped: trapped(), good: good.accepted };
    names["rebind.example.com"] = [[goodAddress], ["127.0.0.1"]];
    redirectTo = "/";
    const got = await fetchPage(`http://rebind.example.com:${good.port}/hop1`);

    expect(got).toHaveProperty("fault");
    expect({ trapped: trapped(), good: good.accepted }).toEqual({ ...before, good: before.good + 1 });
    expect(lookups).toHaveLength(2);
  });

  it("is not reached by a redirect to a name of it", async () => {
    const before = trapped();
    names["bad.example.com"] = [["127.0.0.1"]];
    redirectTo = `http://bad.example.com:${good.port}/`;

    expect(await fetchPage(`http://good.example.com:${good.port}/hop2`)).toHaveProperty("fault");
    expect(trapped()).toBe(before);
    expect(lookups.at(-1)).toBe("bad.example.com");
  });
});

describe("a name", () => {
  it("of an upstream is not even resolved", async () => {
    names["upstream.example.com"] = [[goodAddress]];

    expect(await fetchPage(`http://upstream.example.com:${good.port}/`)).toHaveProperty("fault");
    expect(lookups).toEqual([]);
  });

  it("that resolves to an address of an upstream is not asked", async () => {
    const before = good.accepted;
    const careful = createPageFetcher(
      { hostsRefused: [`http://${goodAddress}:11434`], portsAllowed: [good.port] },
      { clock: systemClock, lookup, isAllowed: () => true },
    );
    const got = await careful.fetch(`http://good.example.com:${good.port}/`, createAbort().signal);
    careful.close();

    expect(got).toHaveProperty("fault");
    expect(good.accepted).toBe(before);
  });

  it("that resolves to an address of this machine is not asked, allowed or not", async () => {
    const before = trapped();
    names["self.example.com"] = [["127.0.0.1"]];
    const careless = createPageFetcher(
      { hostsRefused: [], portsAllowed: [good.port] },
      { clock: systemClock, lookup, isAllowed: () => true },
    );
    const got = await careless.fetch(`http://self.example.com:${good.port}/`, createAbort().signal);
    careless.close();

    expect(got).toHaveProperty("fault");
    expect(trapped()).toBe(before);
  });

  it("that is not resolved in time is given up", async () => {
    const impatient = createPageFetcher(
      { hostsRefused: [], limits: { connectMs: 20 } },
      { clock: systemClock, lookup: () => new Promise(() => undefined) },
    );

    expect(await impatient.fetch("http://slow.example.com/", createAbort().signal)).toEqual({
      fault: "the host's name was not resolved in time",
    });
    impatient.close();
  });
});

describe("redirects", () => {
  it.each([1, 2, 3])("are followed %i times", async (hops) => {
    redirectTo = "/";
    expect(await fetchPage(`http://good.example.com:${good.port}/hop${hops}`)).toMatchObject({
      url: `http://good.example.com:${good.port}/`,
      text: "the good page",
    });
  });

  it("are not followed a fourth time", async () => {
    redirectTo = "/";
    const before = good.accepted;

    expect(await fetchPage(`http://good.example.com:${good.port}/hop4`)).toEqual({
      fault: "it redirects too often",
    });
    expect(good.accepted).toBe(before + 4);
  });
});
