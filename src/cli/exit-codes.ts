/** What the process ends with; numbers of sysexits.h where there is one. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  internal: 70,
  noPermission: 77,
  config: 78,
  interrupted: 130,
  terminated: 143,
} as const;
