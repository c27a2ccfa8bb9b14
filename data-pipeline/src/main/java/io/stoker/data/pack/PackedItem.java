package io.stoker.data.pack;

import java.io.Serializable;

/** What a task of the first stage yields: its samples, and what it counted, last. */
sealed interface PackedItem extends Serializable permits PackedSample, PackStatistics {}
