// SPDX-License-Identifier: Apache-2.0
package io.stoker.testing;

import static org.assertj.core.api.Assertions.fail;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests that compare bits, hashes, or counts of what may be lost. The build repeats other tests
 * that fail; these fail the build the first time, because a result that is right only now and then
 * is wrong.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("exact")
@ExtendWith(Exact.FailsInsteadOfRepeating.class)
public @interface Exact {
  /** Fails these tests in the process that repeats the tests that failed. */
  final class FailsInsteadOfRepeating implements BeforeEachCallback {
    @Override
    public void beforeEach(ExtensionContext context) {
      if (TestRecorder.REPEATED) {
        fail("It failed, and is exact: it is not repeated. The report of the first run says why.");
      }
    }
  }
}
