#!/usr/bin/env bash
# What Spark's image runs before an executor's pod is deleted: tells the executor, and waits until it has ended.
kill -s PWR 1
while kill -0 1 2>/dev/null; do
  sleep 0.2
done
