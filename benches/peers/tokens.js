// For k6: a request with the next token of a file, over and over. All settings come from the environment.

import exec from "k6/execution";
import http from "k6/http";
import { SharedArray } from "k6/data";

const tokens = new SharedArray("tokens", () => open(__ENV.TOKENS).trim().split("\n"));

export const options = {
  discardResponseBodies: true,
  insecureSkipTLSVerify: true,
  vus: Number(__ENV.USERS),
  duration: `${__ENV.SECONDS}s`,
};

export default function () {
  const token = tokens[exec.scenario.iterationInTest % tokens.length];
  http.get(__ENV.URL, { headers: { Authorization: `Bearer ${token}` } });
}
