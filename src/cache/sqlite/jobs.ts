import { runBackup } from "./backup.ts";
import { inspect, importFrom } from "./import.ts";
import { census, list } from "./lists.ts";
import type { Job } from "./messages.ts";
import { purge } from "./purge.ts";
import type { JobDone, JobParts, Tell } from "./slices.ts";
import { sweep } from "./sweep.ts";
import { verify } from "./verify.ts";

/** Does one job in slices, so that writes never wait long. Rejects with what SQLite throws. */
export async function runJob(parts: JobParts, job: Job, tell: Tell): Promise<JobDone> {
  const { database } = parts;
  switch (job.kind) {
    case "sweep":
      return sweep(parts, job.nowMs);
    case "purge":
      return purge(database, job, tell);
    case "verify":
      return verify(database, job, tell);
    case "import":
      return importFrom(database, job, tell);
    case "list":
      return { result: list(database, job), grown: 0 };
    case "census":
      return { result: census(database), grown: 0 };
    case "inspect":
      return { result: inspect(job.path), grown: 0 };
    case "backup":
    default:
      return { result: await runBackup(database, job.path, tell), grown: 0 };
  }
}
