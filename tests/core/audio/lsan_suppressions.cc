// Read by LeakSanitizer. libsndfile 1.2.0 forgets a Vorbis header when a damaged Ogg stream cannot be opened
// (some 6 kB, found by DamagedFilesNeverCrashNorGiveBadSamples); nothing on this side of its interface could
// free it.
extern "C" const char*
__lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the tool's name

const char* __lsan_default_suppressions() {
  return "leak:vorbis_info_init\n";
}  // NOLINT(bugprone-reserved-identifier)
