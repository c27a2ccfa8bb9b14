// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;

import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.stoker.testing.Exact;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** A test that compares hashes, and passes only when it is repeated, has found a wrong result. */
@AnalyzeClasses(packages = "io.stoker.driver", importOptions = ImportOption.OnlyIncludeTests.class)
class ExactTestsTest {
  @ArchTest
  static final ArchRule testsThatCompareHashesAreExact =
      methods()
          .that(describe("are tests that compare hashes", ExactTestsTest::comparesHashes))
          .should()
          .beAnnotatedWith(Exact.class)
          .orShould()
          .beDeclaredInClassesThat()
          .areAnnotatedWith(Exact.class);

  private static boolean comparesHashes(JavaMethod method) {
    return (method.isAnnotatedWith(Test.class) || method.isAnnotatedWith(ParameterizedTest.class))
        && method.getMethodCallsFromSelf().stream()
            .anyMatch(call -> call.getName().equals("parametersSha256"));
  }
}
