/* Iceberg format v2 tables in a warehouse: definitions, commits, reading,
 * checking and maintenance. This header has all that other folders use; each
 * part of it says more.
 *
 * A table lives below "quantum_features/<table>/" of an object store
 * (objects/objects.h) in the Hadoop-catalog layout: metadata/vN.metadata.json,
 * metadata/version-hint.text, metadata/NAME.avro and data/.../NAME.parquet.
 * All keys here are relative to the warehouse; full URIs stand only inside the
 * metadata. Parquet files are written and put by the caller, before the
 * commit; this part never opens one.
 *
 * A commit is one put of vN+1.metadata.json that must not replace. It is
 * atomic: readers see the table before or after. On a store that honours
 * conditional puts several writers are safe, the loser starts again from the
 * winner's table; on any other the caller must hold the writer lock of
 * objects/objects_lock.h and say so by `exclusive`.
 *
 * Handles may be used by one thread at a time. */
#ifndef VQE_ICEBERG_ICEBERG_H
#define VQE_ICEBERG_ICEBERG_H

#include "iceberg/iceberg_append.h"
#include "iceberg/iceberg_bind.h"
#include "iceberg/iceberg_check.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_compact.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_expire.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_orphans.h"
#include "iceberg/iceberg_relocate.h"
#include "iceberg/iceberg_scan.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_spec.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"

#endif
