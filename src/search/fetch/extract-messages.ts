import type { ContentKind } from "./content.ts";

/** A body to be read. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly kind: ContentKind;
  /** What the header says of its letters. */
  readonly charset: string | undefined;
}

/** What is in it. */
export interface Extracted {
  readonly text: string;
  readonly title?: string | undefined;
  /** Dates of publication as they are written, the most trusted first. */
  readonly dates: readonly string[];
  readonly language?: string | undefined;
}

export interface ExtractSettings {
  /** Of the text. */
  readonly lettersMax: number;
}

/** A thread only hears what this module's types allow; the checks are for the type system. */
export const isExtracted = (message: unknown): message is Extracted =>
  typeof message === "object" && message !== null && "text" in message;

export const isSource = (message: unknown): message is Source =>
  typeof message === "object" && message !== null && "bytes" in message;

export const isSettings = (settings: unknown): settings is ExtractSettings =>
  typeof settings === "object" && settings !== null && "lettersMax" in settings;
