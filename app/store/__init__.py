"""The only code that speaks SQL. Rows never leave it: functions take and give plain values."""
