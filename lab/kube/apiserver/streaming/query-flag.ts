// A yes or no in a query, as Kubernetes decodes booleans: what is given and is not a clear no is a yes.

export function queryFlag(query: URLSearchParams, name: string): boolean {
  const given = query.get(name);
  return given !== null && given !== '0' && given.toLowerCase() !== 'false';
}
