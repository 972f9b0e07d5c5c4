// Adds up the histograms of an interval log by tag, and prints their figures as JSON.

const fs = require("node:fs");
const { HistogramLogReader, build, listTags } = require("hdr-histogram-js");

const log = fs.readFileSync(process.argv[2], "utf8");
const reader = new HistogramLogReader(log);
const tags = new Map();
const begins = [];
const ends = [];
for (let interval; (interval = reader.nextIntervalHistogram()) !== null; ) {
  if (!tags.has(interval.tag)) {
    tags.set(interval.tag, build({ bitBucketSize: 64, autoResize: true }));
  }
  tags.get(interval.tag).add(interval);
  begins.push(interval.startTimeStampMsec / 1000);
  ends.push(interval.endTimeStampMsec / 1000);
}

const listed = listTags(log).sort();
if (JSON.stringify(listed) !== JSON.stringify([...tags.keys()].sort())) {
  throw new Error(`listed are the tags ${listed}, found ${[...tags.keys()]}`);
}

const places = {};
for (const [tag, sums] of tags) {
  places[tag] = {
    count: sums.totalCount,
    p50: sums.getValueAtPercentile(50),
    p99: sums.getValueAtPercentile(99),
    max: sums.maxValue,
  };
}
console.log(JSON.stringify({ tags: places, begin: Math.min(...begins), end: Math.max(...ends) }));
