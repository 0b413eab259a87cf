// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Perl, with asyncify: a sort, a hash, a regular expression, an error. */
import { load } from '../packages.mjs'

export async function start() {
  const { ZeroPerl } = await load('@6over3/zeroperl-ts', 'dist/esm/index.js')
  let said = ''
  const perl = await ZeroPerl.create({ stdout: (part) => (said += part) })
  return async () => {
    said = ''
    await perl.eval(`
      my @words = sort map { sprintf '%x', $_ * 7919 % 10007 } 1 .. 2000;
      my %count; $count{length $_}++ for @words;
      eval { die "caught\\n" }; push @words, $@;
      (my $text = join ' ', @words) =~ s/a(\\d)/<$1>/g;
      print $text, map { "$_=$count{$_}" } sort keys %count;`)
    perl.flush()
    return said
  }
}
