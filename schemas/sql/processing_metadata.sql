-- batch: what a run did to each table, in the order of the tables.
SELECT
  processing_batch_id,
  processing_name,
  processing_timestamp,
  processing_date,
  list(table_name ORDER BY position) AS table_names,
  list(table_version ORDER BY position) AS table_versions,
  list(record_count ORDER BY position) AS record_counts,
  source_data_info
FROM batch
GROUP BY ALL
