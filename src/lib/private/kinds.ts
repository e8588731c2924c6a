/** Kinds of private text that are known without configuration. */
export const privateKinds = [
  "private_key",
  "api_key",
  "jwt",
  "password",
  "card_number",
  "iban",
  "us_ssn",
  "email",
  "phone",
  "ip_private",
] as const;

export type PrivateKind = (typeof privateKinds)[number];
