import { apiKeys, jwts, privateKeys } from "./keys.ts";
import type { PrivateKind } from "./kinds.ts";
import { cardNumbers, ibans, socialSecurityNumbers } from "./numbers.ts";
import { passwords } from "./passwords.ts";
import { emails, phones, privateAddresses } from "./people.ts";
import type { Finder } from "./spans.ts";

/**
 * Where a text has something of each kind; places of one kind may overlap. All are linear: what repeats without bound
 * begins at one place only. Patterns find what has a form; they are no promise.
 */
export const findersOf: Readonly<Record<PrivateKind, Finder>> = {
  private_key: privateKeys,
  api_key: apiKeys,
  jwt: jwts,
  password: passwords,
  card_number: cardNumbers,
  iban: ibans,
  us_ssn: socialSecurityNumbers,
  email: emails,
  phone: phones,
  ip_private: privateAddresses,
};

/** Whether a text has something of a kind. */
export function hasPrivate(text: string, kind: PrivateKind): boolean {
  for (const _ of findersOf[kind](text)) return true;
  return false;
}
