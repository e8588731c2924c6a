import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAbort } from "../../../src/lib/abort.ts";
import { systemClock } from "../../../src/lib/time.ts";
import { createConnect } from "../../../src/search/fetch/connect.ts";
import { createPageFetcher } from "../../../src/search/fetch/fetch.ts";
import { certificate, certificateKey } from "./certificate.ts";
import { goodAddress, startPageServer, type PageServer } from "./page-server.ts";

describe("a connection to a literal, which no resolver is asked for", () => {
  let trap: PageServer;
  let tried: string[];

  beforeAll(async () => {
    trap = await startPageServer(() => undefined, { host: "127.0.0.1" });
    return () => trap.close();
  });
  beforeEach(() => {
    tried = [];
  });

  const connect = (hostname: string, isAllowed?: (address: string) => boolean): Promise<string> => {
    const open: buildConnector.connector = createConnect({
      rules: { hostsRefused: new Set(), isAllowed },
      clock: systemClock,
      connectMs: 1_000,
      lookup: (name) => {
        tried.push(name);
        return Promise.resolve([]);
      },
    });
    return new Promise((resolve) => {
      open({ hostname, protocol: "http:", port: String(trap.port) }, (error, socket) => {
        socket?.destroy();
        resolve(error === null ? "connected" : error.message);
      });
    });
  };

  it.each(["127.0.0.1", "[::ffff:127.0.0.1]", "::ffff:7f00:1", "[::1]", "0.0.0.0"])(
    "is not made to %s, whoever asks",
    async (hostname) => {
      expect(await connect(hostname)).toBe("the address is not a public one");
      expect(trap.accepted).toBe(0);
      expect(tried).toEqual([]);
    },
  );

  it.each(["127.0.0.1", "::ffff:127.0.0.1"])("is not made to this machine's own %s", async (hostname) => {
    expect(await connect(hostname, () => true)).toBe("the address is one of this machine's own");
    expect(trap.accepted).toBe(0);
  });
});

describe("a page of an https server", () => {
  let server: Server;
  let plain: PageServer;
  let names: (string | false | null)[];
  let accepted: number;

  const portOf = (): number => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    plain = await startPageServer((_request, response) => response.end("the plain page"));
    server = createServer({ cert: certificate, key: certificateKey }, (request, response) => {
      names.push((request.socket as TLSSocket & { servername: string | false }).servername);
      if (request.url === "/down") {
        response.writeHead(302, { location: `http://good.example.com:${plain.port}/` }).end();
      } else response.writeHead(200, { "content-type": "text/plain" }).end("the good page");
    });
    server.on("connection", () => (accepted += 1));
    server.listen(0, goodAddress);
    await once(server, "listening");
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await plain.close();
  });
  beforeEach(() => {
    names = [];
    accepted = 0;
  });

  const get = async (host: string, { ca = certificate, path = "/" } = {}) => {
    const fetcher = createPageFetcher(
      { hostsRefused: [], portsAllowed: [portOf(), plain.port] },
      {
        clock: systemClock,
        ca,
        isAllowed: (address) => address === goodAddress,
        lookup: () => Promise.resolve([{ address: goodAddress, family: 4 }]),
      },
    );
    const got = await fetcher.fetch(`https://${host}:${portOf()}${path}`, createAbort().signal);
    fetcher.close();
    return got;
  };

  it.each([
    ["good.example.com", "good.example.com"],
    ["good.example.com.", "good.example.com"],
    [goodAddress, false],
  ])("is had from %s, whose certificate is for that name", async (host, name) => {
    expect(await get(host)).toMatchObject({ text: "the good page" });
    expect(names).toEqual([name]);
  });

  it("is not had from another name", async () => {
    expect(await get("other.example.com")).toEqual({ fault: "its certificate is not trusted" });
    expect(accepted).toBe(1);
    expect(names).toEqual([]);
  });

  it("is not had with a certificate that nobody vouches for", async () => {
    expect(await get("good.example.com", { ca: "" })).toEqual({ fault: "its certificate is not trusted" });
    expect(names).toEqual([]);
  });

  it("is not looked for on a plain connection", async () => {
    expect(await get("good.example.com", { path: "/down" })).toEqual({
      fault: "it redirects from https to http",
    });
    expect(plain.accepted).toBe(0);
  });
});
