// A collection page by page, so that no caller and no string has to hold all of it.
import { z } from 'zod';
import { isGone, malformedAnswer } from './api-error.ts';
import { apiVersionOf, collectionPath, withQuery } from './paths.ts';
import type { KubeObject, ListOptions, ListPage, Resource } from './types.ts';

const PAGE_SIZE = 250;

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullable(),
});

/** Sends one GET and gives the decoded body. */
export type Get = (path: string, signal: AbortSignal | undefined) => Promise<unknown>;

/**
 * Pages of 250 (DESIGN section 7) along `continue`. When a page has expired (410) the collection is told once more from the start in one answer, because a
 * server that compacts faster than we read would expire the second attempt too; that page says `startsOver`.
 */
export async function* listPages<T extends KubeObject>(
  get: Get,
  resource: Resource<T>,
  options: ListOptions = {},
): AsyncGenerator<ListPage<T>> {
  let token: string | undefined;
  do {
    let page: Page<T>;
    try {
      page = await onePage(get, resource, options, { limit: PAGE_SIZE, continue: token });
    } catch (error) {
      if (token === undefined || !isGone(error)) throw error;
      yield { ...(await onePage(get, resource, options, {})), startsOver: true, last: true };
      return;
    }
    yield {
      items: page.items,
      resourceVersion: page.resourceVersion,
      startsOver: token === undefined,
      last: page.next === undefined,
    };
    token = page.next;
  } while (token !== undefined);
}

interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

async function onePage<T extends KubeObject>(
  get: Get,
  resource: Resource<T>,
  options: ListOptions,
  paging: { readonly limit?: number; readonly continue?: string | undefined },
): Promise<Page<T>> {
  const path = withQuery(collectionPath(resource, options.namespace), {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    ...paging,
  });
  const parsed = listSchema.safeParse(await get(path, options.signal));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformedAnswer(
      `GET ${path}`,
      `the answer is not a list: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const { metadata, items } = parsed.data;
  const next = metadata.continue === undefined || metadata.continue === '' ? undefined : metadata.continue;
  return {
    items: (items ?? []).map((item) => withType(resource, item)),
    resourceVersion: metadata.resourceVersion,
    next,
  };
}

// A list names the type once, in itself; its items do not carry it.
function withType<T extends KubeObject>(resource: Resource<T>, item: object): T {
  const typed: Record<string, unknown> = { ...item };
  typed['apiVersion'] ??= apiVersionOf(resource);
  typed['kind'] ??= resource.kind;
  return typed as unknown as T;
}
