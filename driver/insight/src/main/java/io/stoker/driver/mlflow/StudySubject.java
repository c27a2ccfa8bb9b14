// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.round.WatchedStudy;
import java.util.Map;
import java.util.Optional;

/** A study as the run that those of its trials are below. */
record StudySubject(WatchedStudy study) implements MlflowSubject {
  @Override
  public String name() {
    return study.folder().getName();
  }

  @Override
  public String source() {
    return "stoker tune";
  }

  @Override
  public Optional<String> parent() {
    return Optional.empty();
  }

  @Override
  public Map<String, String> params() {
    return study.options();
  }

  @Override
  public Map<String, String> tags() {
    return Map.of("stoker.study", Locations.plain(study.folder().toString()));
  }

  @Override
  public Optional<byte[]> report() {
    return Optional.empty();
  }
}
