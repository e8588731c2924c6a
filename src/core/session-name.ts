const rule = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a client may call a conversation so. Such a name stands in headers, logs and the ledger as it is. */
export const isSessionName = (text: string): boolean => rule.test(text);

/** What such a name is, for those who gave another. */
export const sessionNameExpected = "at most 128 letters, digits and any of . _ : -";
