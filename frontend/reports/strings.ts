/** What a report of a load says: whole sentences, brought by the host in the user's language. */

import type { Outcome } from './model';

export interface ReportStrings {
  /** What this is, to those who do not see it. */
  report(collection: string): string;
  counted(outcome: Outcome, count: number): string;
  took(seconds: string): string;
  tookAt(seconds: string, items: string): string;
  problems: string;
  filter: string;
  source: string;
  reason: string;
  noneMatches: string;
  all(count: number): string;
  some(shown: number, total: number): string;
  matching(matching: number, shown: number): string;
  copy: string;
  copied(source: string): string;
  notCopied: string;
  cannotCopy: string;
  otherVersion(version: string): string;
  noPayload: string;
}
