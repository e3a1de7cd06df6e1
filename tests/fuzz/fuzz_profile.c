/*
 * fuzz_profile.c
 *		Config and credentials files, and the command lines in them.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/command_line.h"
#include "aws/profile.h"

#define ARENA_MAXIMUM ((size_t) 16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_words(Arena *arena, Bytes line)
{
	char **words;
	size_t count;
	size_t length = 0;

	if (!result_is_ok(command_line_split(arena, line, &words, &count)))
		return;
	for (size_t i = 0; i < count; i++)
		length += strlen(words[i]);
	check(words[count] == NULL && length <= line.length);
}

static void
check_profiles(Arena *arena, const Profiles *profiles, Bytes input)
{
	size_t count = 0;

	for (const Profile *profile = profiles->first; profile != NULL; profile = profile->next)
	{
		check(profiles_find(profiles, profile->name) == profile);
		for (const ProfileProperty *property = profile->properties; property != NULL;
		     property = property->next)
		{
			check(property->name.length > 0 && property->value.length <= input.length);
			check_words(arena, property->value);
		}
		count++;
	}
	check(count == profiles->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes input = {(const char *) data, size};
	Profiles profiles = {0};
	CheckedResult result;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_SECRET, ARENA_MAXIMUM);
	result = profiles_read(&arena, input, PROFILE_FILE_CONFIG, &profiles);
	if (result_is_ok(result))
		result = profiles_read(&arena, input, PROFILE_FILE_CREDENTIALS, &profiles);
	check(result.code != RESULT_MALFORMED || result.position > 0);
	if (result_is_ok(result))
		check_profiles(&arena, &profiles, input);
	check_words(&arena, input);
	arena_release(&arena);
	return 0;
}
