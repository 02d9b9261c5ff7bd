/** What an answer says: whole sentences, brought by the host in the user's language. */

export interface AnswerStrings {
  sources: string;
  source(key: number, title: string): string;
  noSource(key: number): string;
  page(page: number): string;
  writtenBy(model: string): string;
  writtenWithin(model: string, seconds: string): string;
  cached: string;
  quoted: string;
  others(count: number): string;
  pictureGone: string;
  soundGone: string;
  play(span: string): string;
  playsOnly(span: string): string;
  otherVersion(version: string): string;
  noPayload: string;
}
