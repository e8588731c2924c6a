import { request } from "undici";
import { isObject, tryParse } from "../../lib/json.ts";
import { keyHeaders } from "./address.ts";

/** What a page of the daemon is asked. */
export interface Asked {
  /** With its query. */
  readonly path: string;
  /** Posted as JSON; without one the page is only got. */
  readonly body?: object;
  /** Whether the page is for administrators only. */
  readonly isForAdmins?: boolean;
}

const waitMs = 60_000;

/** What a page of the daemon says; undefined when nobody listens there. Rejects with an Error for the user. */
export async function askDaemon(origin: string, asked: Asked): Promise<string | undefined> {
  const { path, body } = asked;
  const answer = await reach(origin, path, {
    method: body === undefined ? "GET" : "POST",
    headers: { ...keyHeaders(process.env), "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: waitMs,
  });
  if (answer === undefined) return undefined;
  const said = await answer.body.text();
  if (answer.statusCode === 200) return said;
  throw new Error(refusalOf(answer.statusCode, said, asked));
}

type Answer = Awaited<ReturnType<typeof request>>;

/** An answer whose body is still to be read; undefined when nobody listens there. Rejects with an Error for the user. */
export async function reach(
  origin: string,
  path: string,
  options: Parameters<typeof request>[1],
): Promise<Answer | undefined> {
  try {
    return await request(origin + path, options);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ECONNREFUSED") return undefined;
    throw new Error(`${origin} does not answer: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** What the user is told of an answer that wants a key, or a better one; undefined for any other. */
export function keyWanted(status: number, isForAdmins: boolean): string | undefined {
  if (status !== 401 && !(isForAdmins && status === 403)) return undefined;
  return `the daemon wants ${isForAdmins ? "the key of an administrator" : "a key"}: say it in CHASQUI_API_KEY or CHASQUI_API_KEY_FILE`;
}

function refusalOf(status: number, said: string, { isForAdmins = false }: Asked): string {
  const wanted = keyWanted(status, isForAdmins);
  if (wanted !== undefined) return wanted;
  const value = tryParse(said);
  const error = isObject(value) ? value["error"] : undefined;
  return typeof error === "string" ? error : `the daemon answers ${status}`;
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
