import type { UsageRow } from "../usage-row.ts";
import { type Handle, isRefused, touch } from "./database.ts";
import type { Change, Group, HoldRow } from "./messages.ts";

/** What a batch did. */
export interface Written {
  readonly corrections: readonly Group[];
  readonly refused: number;
}

/** Makes what writes changes, all or none of them. It throws what SQLite throws, then nothing is written. */
export function prepareWrites(database: Handle, owner: string): (changes: readonly Change[]) => Written {
  const does = prepareChanges(database, owner);
  const run = database.transaction((changes: readonly Change[]): Written => {
    const corrections: Group[] = [];
    let refused = 0;
    if (changes.length === 0) touch(database);
    for (const change of changes) {
      try {
        corrections.push(...does(change));
      } catch (thrown) {
        if (!isRefused(thrown)) throw thrown;
        refused += 1;
      }
    }
    return { corrections, refused };
  });
  return (changes) => run.immediate(changes);
}

function prepareChanges(database: Handle, owner: string): (change: Change) => Group[] {
  const insertHold = database.prepare(
    `INSERT INTO hold(uid, owner, request_id, time_ms, key_name, endpoint, model, upstream, max_nano_usd)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(uid) DO NOTHING`,
  );
  const deleteHold = database.prepare<[string]>("DELETE FROM hold WHERE uid = ?");
  // Another process may have taken the reservation for interrupted: what really happened replaces its row.
  const deleteGuess = database.prepare<[string]>("DELETE FROM call WHERE uid = ? AND error = 'interrupted'");
  const insertCall = prepareInsert(database);
  const amend = prepareAmend(database);
  return (change) => {
    if (change.kind === "amend") return amend(change);
    if (change.kind === "hold") {
      const { uid, requestId, timeMs, keyName, endpoint, model, upstream, maxNanoUsd } = change.hold;
      insertHold.run(uid, owner, requestId, timeMs, keyName ?? null, endpoint, model, upstream, maxNanoUsd);
      return [];
    }
    deleteHold.run(change.uid);
    deleteGuess.run(change.uid);
    if (change.kind === "settle") insertCall(change.uid, change.row);
    return [];
  };
}

function prepareInsert(database: Handle): (uid: string, row: UsageRow) => void {
  const insert = database.prepare(
    `INSERT INTO call(uid, request_id, time_ms, key_name, session, endpoint, asked_model, answered_model,
       upstream, is_cloud, input_tokens, output_tokens, cached_tokens, reasoning_tokens, is_estimated, cost_nano_usd,
       cost_source, baseline_nano_usd, avoided_nano_usd, cache, hops, status, error)
     VALUES (@uid, @requestId, @timeMs, @keyName, @session, @endpoint, @askedModel, @answeredModel, @upstream, @isCloud,
       @inputTokens, @outputTokens, @cachedTokens, @reasoningTokens, @isEstimated, @costNanoUsd, @costSource,
       @baselineNanoUsd, @avoidedNanoUsd, @cache, @hops, @status, @error)
     ON CONFLICT(uid) DO NOTHING`,
  );
  return (uid, row) => {
    const { keyName = null, session = null, answeredModel = null, upstream = null } = row;
    const { cache = null, error = null } = row;
    const isCloud = Number(row.isCloud);
    const isEstimated = Number(row.isEstimated);
    insert.run({
      ...row,
      uid,
      keyName,
      session,
      answeredModel,
      upstream,
      cache,
      error,
      isCloud,
      isEstimated,
    });
  };
}

interface AmendedRow {
  readonly uid: string;
  readonly time_ms: number;
  readonly key_name: string | null;
  readonly model: string;
  readonly upstream: string | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_nano_usd: number;
  readonly baseline_nano_usd: number;
  readonly error: string | null;
}

type Amend = Extract<Change, { kind: "amend" }>;

function prepareAmend(database: Handle): (change: Amend) => Group[] {
  const find = database.prepare<[string, string | null], AmendedRow>(
    `SELECT uid, time_ms, key_name, coalesce(answered_model, asked_model) AS model, upstream, input_tokens,
       output_tokens, cost_nano_usd, baseline_nano_usd, error
     FROM call WHERE request_id = ? AND uid = coalesce(?, uid) ORDER BY rowid DESC LIMIT 1`,
  );
  const update = database.prepare(
    `UPDATE call SET cost_nano_usd = ?, cost_source = ?, input_tokens = ?, output_tokens = ?, baseline_nano_usd = ?
     WHERE uid = ?`,
  );
  return ({ requestId, uid = null, amendment }) => {
    const { costNanoUsd, costSource, ...said } = amendment;
    const row = find.get(requestId, uid);
    if (row === undefined) return [];
    const { inputTokens = row.input_tokens, outputTokens = row.output_tokens } = said;
    // A reservation taken for a call has no baseline of its own, so that it saves nothing.
    const baseline = row.error === "interrupted" ? costNanoUsd : row.baseline_nano_usd;
    update.run(costNanoUsd, costSource, inputTokens, outputTokens, baseline, row.uid);
    return [
      {
        timeMs: row.time_ms,
        keyName: row.key_name ?? undefined,
        model: row.model,
        upstream: row.upstream ?? undefined,
        calls: 0,
        inputTokens: inputTokens - row.input_tokens,
        outputTokens: outputTokens - row.output_tokens,
        costNanoUsd: costNanoUsd - row.cost_nano_usd,
        avoidedNanoUsd: 0,
        baselineNanoUsd: baseline - row.baseline_nano_usd,
      },
    ];
  };
}

interface StoredHold {
  readonly uid: string;
  readonly request_id: string;
  readonly time_ms: number;
  readonly key_name: string | null;
  readonly endpoint: string;
  readonly model: string;
  readonly upstream: string;
  readonly max_nano_usd: number;
}

/**
 * Takes reservations that another run left behind for calls at their highest cost, so that the ledger is never below
 * the truth, and returns them. Throws what SQLite throws.
 */
export function settleInterrupted(database: Handle, owner: string): HoldRow[] {
  const find = database.prepare<[string], StoredHold>("SELECT * FROM hold WHERE owner <> ?");
  const remove = database.prepare<[string]>("DELETE FROM hold WHERE uid = ?");
  const insert = prepareInsert(database);
  const settle = database.transaction(() => {
    const holds = find.all(owner).map(({ uid, endpoint, model, upstream, ...hold }) => ({
      uid,
      requestId: hold.request_id,
      timeMs: hold.time_ms,
      keyName: hold.key_name ?? undefined,
      endpoint,
      model,
      upstream,
      maxNanoUsd: hold.max_nano_usd,
    }));
    for (const hold of holds) {
      insert(hold.uid, rowOf(hold));
      remove.run(hold.uid);
    }
    return holds;
  });
  return find.get(owner) === undefined ? [] : settle.immediate();
}

const rowOf = ({ requestId, timeMs, keyName, endpoint, model, upstream, maxNanoUsd }: HoldRow): UsageRow => ({
  requestId,
  timeMs,
  keyName,
  endpoint,
  askedModel: model,
  upstream,
  isCloud: true,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  isEstimated: true,
  costNanoUsd: maxNanoUsd,
  costSource: "estimated",
  baselineNanoUsd: maxNanoUsd,
  avoidedNanoUsd: 0,
  hops: "",
  status: 0,
  error: "interrupted",
});
