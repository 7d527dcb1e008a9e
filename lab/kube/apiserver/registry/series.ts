// What the replicas of one template have in common, worked out once: they differ in their names and hardly ever in their specs.
import type { JsonObject } from '../json.ts';
import { frozenJson } from '../json.ts';
import type { WrittenSpec } from './written-spec.ts';
import { textLike, writtenSpec } from './written-spec.ts';

/** A decoded spec that all objects of one series share; frozen all the way down. */
export type Template = Readonly<JsonObject>;

/** What a server remembers about the specs of one kind. */
export interface Series {
  /** What decoding, with defaults, made of the spec with this text before; `undefined` when that is not known. */
  decoded(text: string): Template | undefined;
  /** Tells what decoding made of a spec that is right in every word. From its second time on it is kept, and frozen. */
  wasDecoded(text: string, spec: JsonObject): void;
  /**
   * The JSON text of a spec that admission made of `template`, when the one it made last differs in nothing but the name that
   * the server drew. That one was found to be without fault, so this one is.
   */
  soundText(template: Template, spec: JsonObject): string | undefined;
  /** Tells that a spec that admission made of `template` was found to be without fault. */
  wasSound(template: Template, spec: JsonObject, text: string): void;
}

/** Specs that are remembered of a kind, and how long the text of one may be. */
const MAX_SPECS = 256;
const MAX_CHARACTERS = 16_384;

/**
 * Remembers nothing yet. `drawnName` finds in a spec the name that the server drew for a part of it. All such names are of one
 * length and alphabet and belong to one object each, so no spec is better or worse for having another of them.
 */
export function createSeries(drawnName: (spec: JsonObject) => string | undefined): Series {
  // Most specs come once: their first time leaves a note and no more.
  const templates = new Map<string, Template | 'met'>();
  const sound = new WeakMap<Template, WrittenSpec>();
  return {
    decoded(text) {
      const found = text.length > MAX_CHARACTERS ? undefined : templates.get(text);
      return found === 'met' ? undefined : found;
    },
    wasDecoded(text, spec) {
      if (text.length > MAX_CHARACTERS) return;
      const wasMet = templates.has(text);
      // What is still in use is soon back.
      if (!wasMet && templates.size >= MAX_SPECS) templates.clear();
      templates.set(text, wasMet ? frozenJson(spec) : 'met');
    },
    soundText(template, spec) {
      const last = sound.get(template);
      return last === undefined ? undefined : textLike(last, spec, drawnName(spec));
    },
    wasSound(template, spec, text) {
      const written = writtenSpec(spec, text, drawnName(spec));
      if (written !== undefined) sound.set(template, written);
    },
  };
}
