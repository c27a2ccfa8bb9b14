// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.io.Serializable;

/** What a task of the first stage yields: samples, and what it found out about its input. */
sealed interface PackedItem extends Serializable permits PackedSample, SampleOutcome {}
