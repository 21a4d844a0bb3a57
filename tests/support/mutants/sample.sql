-- Keep every fourth mutant, counted along the files and their lines.
CREATE TEMP TABLE kept AS
SELECT job_id FROM (
  SELECT job_id, ROW_NUMBER() OVER (
    ORDER BY module_path, start_pos_row, start_pos_col, operator_name, occurrence
  ) AS place
  FROM mutation_specs WHERE job_id NOT IN (SELECT job_id FROM work_results)
) WHERE place % 4 = 1;
DELETE FROM work_results;
DELETE FROM mutation_specs WHERE job_id NOT IN (SELECT job_id FROM kept);
DELETE FROM work_items WHERE job_id NOT IN (SELECT job_id FROM kept);
