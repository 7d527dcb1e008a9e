// A handler of errors that is told of the first only.

/** What comes after the first is what it led to. */
export function once(handler: (error: unknown) => void): (error: unknown) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    handler(error);
  };
}
