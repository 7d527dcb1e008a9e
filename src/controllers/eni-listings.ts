// Hands complete listings of this cluster's ENIs in the cloud to whoever compares them with what is recorded.
import type { Eni } from '../cloud/vpc-cloud.ts';

export interface EniListings {
  /** All ENIs with this cluster's tag, from a listing that was complete. */
  tell(enis: readonly Eni[]): void;
  onListing(handler: (enis: readonly Eni[]) => void): () => void;
}

export function createEniListings(): EniListings {
  const handlers = new Set<(enis: readonly Eni[]) => void>();
  return {
    tell: (enis) => {
      for (const handler of handlers) handler(enis);
    },
    onListing: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
