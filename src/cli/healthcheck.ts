import { request } from "node:http";
import { type Flags, loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { exitCodes } from "./exit-codes.ts";

/** A daemon that has not answered by then is not well. */
const waitMs = 3_000;

/** Asks the daemon of this configuration whether it is alive; exit code 0 or 1. */
export async function healthcheck(flags: Flags): Promise<void> {
  try {
    const { listen } = loadConfig(flags, process.env).config.server;
    const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host === "::" ? "::1" : listen.host;
    const status = await statusOf(host, listen.port);
    process.stdout.write(status === 200 ? "ok\n" : `not well: status ${status}\n`);
    process.exitCode = status === 200 ? exitCodes.ok : exitCodes.failed;
  } catch (thrown) {
    process.stderr.write(`not well: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = thrown instanceof ConfigError ? exitCodes.config : exitCodes.failed;
  }
}

function statusOf(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: "localhost" };
    const outgoing = request(
      { host, port, path: "/healthz", headers, timeout: waitMs, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${waitMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end();
  });
}
